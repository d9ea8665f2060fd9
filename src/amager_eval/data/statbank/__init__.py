"""Tables of Statistics Denmark's StatBank, fetched or saved by hand."""
