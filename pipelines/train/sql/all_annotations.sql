SELECT * FROM corpus.annotations
