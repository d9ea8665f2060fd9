"""What every figure is drawn with: style, direct labels, rows, the picture of several panels."""
