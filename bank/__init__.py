"""A demonstration bank that plays the Lyra platform (form V2, REST V4) over real HTTP. Never used in production."""
