"""Models of safety and reported crime: specification and data to fits, forecasts and checks."""
