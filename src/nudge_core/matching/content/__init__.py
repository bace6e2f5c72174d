"""For whom is a piece of content? Its topics decide whether, its text decides who first."""
