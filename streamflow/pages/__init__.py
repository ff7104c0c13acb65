"""How results are shown: self-contained pages for a browser, tables for a terminal; one set-up for every report."""
