"""What an analyst looks at first in a file of labelled purchases."""
