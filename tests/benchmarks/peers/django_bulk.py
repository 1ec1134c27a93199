"""django-import-export takes a sales export into one table, in bulk. Runs among the peers, not in the product.

Every value stays text, which spares it the reading of amounts and dates.
"""

import json
import sys
import time
from pathlib import Path

import django
import tablib
from django.conf import settings

told = json.load(sys.stdin)
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": told["database"],
            "USER": told["user"],
            "HOST": told["host"],
        }
    },
    INSTALLED_APPS=["import_export"],
    USE_TZ=True,
)
django.setup()

from django.db import connection, models  # noqa: E402  # Django wants to be set up first
from import_export import fields, resources  # noqa: E402
from import_export.instance_loaders import CachedInstanceLoader  # noqa: E402

path = Path(told["path"])
with path.open(encoding="utf-8-sig") as reading:
    HEADERS = reading.readline().rstrip("\r\n").split(";")
COLUMNS = ["transaction_code", *(f"column_{number}" for number in range(1, len(HEADERS)))]

texts = {column: models.TextField() for column in COLUMNS[1:]}
Sale = type(
    "Sale",
    (models.Model,),
    {
        "transaction_code": models.CharField(max_length=64, unique=True),
        **texts,
        "__module__": "__main__",
        "Meta": type("Meta", (), {"app_label": "import_export", "db_table": "sale"}),
    },
)
mapped = {
    column: fields.Field(attribute=column, column_name=header) for column, header in zip(COLUMNS, HEADERS, strict=True)
}
chosen = {
    "model": Sale,
    "fields": COLUMNS,
    "import_id_fields": ["transaction_code"],
    "use_bulk": True,
    "batch_size": 1000,
    "skip_diff": True,
    "skip_html_diff": True,
    "force_init_instance": False,
    "use_transactions": True,
    "instance_loader_class": CachedInstanceLoader,
}
SaleResource = type("SaleResource", (resources.ModelResource,), {**mapped, "Meta": type("Meta", (), chosen)})

with connection.schema_editor() as editor:
    editor.create_model(Sale)
begun = time.perf_counter()
content = tablib.Dataset().load(path.read_text("utf-8-sig"), format="csv", delimiter=";")
result = SaleResource().import_data(content, dry_run=False, raise_errors=True)
seconds = time.perf_counter() - begun
assert Sale.objects.count() == len(content), result.totals
print(json.dumps({"seconds": seconds, "rows": len(content)}))
