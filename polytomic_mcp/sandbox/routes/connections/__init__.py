"""The routes of connections: types, values, use, proxy and sharing, and the page of consent."""
