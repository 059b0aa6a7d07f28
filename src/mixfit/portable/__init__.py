"""A fitted model as two files that anything can read: `model.safetensors` and `model.json`.

A checkpoint belongs to its fit: it holds an optimizer, and it is a pickle, which may run code where it is loaded. The
portable form holds numbers and nothing else: tensors in safetensors' format, and JSON that says what they are. What
the file names is looked up among the families that are installed here, never imported; a checksum, shapes, types and
values are checked before anything is made of them. `docs/portable.md` says what stands where, for other readers.

`model` is what there is to keep, `tensors` the numbers, `header` the JSON, `files` the two files, and `folder` says of
a folder that cannot be read why not.
"""

from mixfit.portable.files import read, write
from mixfit.portable.model import Model, Plain, settle_

__all__ = ["Model", "Plain", "read", "settle_", "write"]
