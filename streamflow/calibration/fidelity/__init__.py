"""Whether a generated run behaves as the purchases that it was calibrated on."""
