"""Editing marks: the halves of the annotate presenter that know no service. No Qt."""
