SELECT * FROM corpus.panels
