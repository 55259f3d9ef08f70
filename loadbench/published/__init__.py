"""Other people's figures as data, each with its source and what it does not say."""
