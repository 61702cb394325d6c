"""Forms made from a kind's options model, in both directions: fields to options, options to fields."""
