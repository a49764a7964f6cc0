"""Three hospitals on two nodes: everything of each is looked through for a word, name, number or secret of the others."""
