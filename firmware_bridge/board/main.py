"""The board starts here. Beside it lie `loader.py` and `record.py`: these three are never changed over the wire."""

import loader

loader.run()
