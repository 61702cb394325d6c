"""Mail: people are told what happened, at the hours that each chose."""
