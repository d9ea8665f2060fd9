"""Files as they are: CSV, workbooks and mapping files to grids of cells; the template."""
