"""Exit 0 when the app in this container answers and every engine is ready; print why otherwise."""

import os
import sys
import urllib.error
import urllib.request

URL = f"http://127.0.0.1:{os.environ.get('SANDTABLE_PORT', '8000')}/readyz"
HOST = os.environ.get("SANDTABLE_ALLOWED_HOSTS", "127.0.0.1").split(",")[0].strip()

try:
    with urllib.request.urlopen(urllib.request.Request(URL, headers={"Host": HOST}), timeout=2) as response:
        sys.exit(0 if response.status == 200 else 1)
except urllib.error.HTTPError as error:
    print(error.read().decode(errors="replace")[:500])
except OSError as error:
    print(f"{URL} does not answer: {error}")
sys.exit(1)
