"""What the analysis says in words: names and numbers in, sentences out."""
