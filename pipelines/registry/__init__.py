"""Stage `registry`: the gate that decides which model is champion, and the one function that moves the alias."""
