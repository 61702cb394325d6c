"""What ui and worker say to each other, and the words both use. Only pydantic below this line."""
