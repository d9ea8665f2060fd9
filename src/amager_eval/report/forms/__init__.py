"""A document in, one file out: PDF, page, Word, workbook, CSV for Excel, data package."""
