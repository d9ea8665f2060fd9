"""A page on this computer alone, for those who use no terminal: from the workbook to the status."""
