"""The door of the web server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messervices.config.settings.demo")
application = get_wsgi_application()

# All that stands now stands for ever: the collector need not walk through it at each of its rounds.
gc.collect()
gc.freeze()
