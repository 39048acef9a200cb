"""Why a sync fails: its evidence is gathered, and the causes are worked out from it."""
