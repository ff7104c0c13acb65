"""Real-time fraud detection for e-commerce in which no threshold is a guess."""
