"""What the package says, in Danish and English: sentences, numbers, dates, probability words."""
