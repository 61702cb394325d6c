"""The people who sign in: who they are, how they join, their second factor and their signed-in browsers."""
