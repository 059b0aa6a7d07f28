"""The file that TensorBoard reads, and what its HParams tab makes of it.

A run writes how its session begins (the values of the swept keys) and how it ends, but no summary of the experiment:
TensorBoard then takes the union of the keys of all runs, leaves blank what a run does not have, and offers every
scalar as a metric. Of what is said twice about a session it believes the first, so a run that goes on in its old
folder first takes back how it ended there.

Events are written here and not in a thread, as TensorBoard's own writer does: what the disk refuses is then an error of
the run, where it can be told, and not a traceback on the side.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard.summary import custom_scalars, scalar, text

from mixfit.folder import SkippedError
from mixfit.one_move import write_in_one_move
from mixfit.tracking.metrics import Value

Charts = Mapping[str, Mapping[str, list[str]]]
"""For each page of the Custom Scalars tab its charts, and for each chart its tags."""

SECONDS_TO_FLUSH = 10.0
"""What was written so long ago can be read, as long as something is written."""


class EventFile:
    """A run's event file, open until `close`.

    Args:
        folder: of the run.
        swept: the keys that differ between the runs of a sweep, and their values in this one.
        group: what this run has in common with those that differ in their seed alone.
    """

    def __init__(self, folder: Path, swept: Mapping[str, Value], group: str) -> None:
        reopen(folder)
        self.records = RecordWriter(_new_file(folder))
        self.flushed = time.monotonic()
        try:
            self._write(Event(file_version="brain.Event:2"))
            self._write(Event(summary=session_start(swept, group)))
        except BaseException:
            self.records.close()
            raise

    def write_text(self, name: str, words: str) -> None:
        """Markdown for the Text tab."""
        self._write(Event(summary=text(name, words)))

    def write_charts(self, charts: Charts) -> None:
        """Which curves share a chart in the Custom Scalars tab."""
        layout = {
            page: {chart: ["Multiline", tags] for chart, tags in content.items()} for page, content in charts.items()
        }
        self._write(Event(summary=custom_scalars(layout)))

    def write_scalar(self, name: str, value: float, step: int) -> None:
        """One point of a curve."""
        self._write(Event(summary=scalar(name, value), step=step))

    def write_picture(self, name: str, png: bytes, step: int) -> None:
        """A picture that is a PNG already."""
        width, height = struct.unpack(">II", png[16:24])  # the first chunk of every PNG begins with its size
        image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=png)
        self._write(Event(summary=Summary(value=[Summary.Value(tag=name, image=image)]), step=step))

    def close(self, *, success: bool) -> None:
        """Says how the run ended, and that is the end of the file."""
        try:
            self._write(Event(summary=session_end(success)))
        finally:
            self.records.close()

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        self.records.write(event.SerializeToString())
        if time.monotonic() - self.flushed > SECONDS_TO_FLUSH:
            self.records.flush()
            self.flushed = time.monotonic()


def _new_file(folder: Path) -> BufferedWriter:
    """A name that TensorBoard knows for an event file; two of one folder read in the order of their names."""
    name = f"events.out.tfevents.{time.time():010.0f}.{socket.gethostname()}.{os.getpid()}.{time.monotonic_ns()}"
    return (folder / name).open("wb")


def session_start(swept: Mapping[str, Value], group: str) -> Summary:
    """The row of a run in the HParams tab; a key that is null in this run stays blank."""
    info = SessionStartInfo(group_name=group, start_time_secs=time.time())
    for key, value in swept.items():
        if isinstance(value, bool):
            info.hparams[key].bool_value = value
        elif isinstance(value, (int, float)):
            info.hparams[key].number_value = value
        elif value is not None:
            info.hparams[key].string_value = str(value)
    return _session(metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=info))


def session_end(success: bool) -> Summary:
    """The status of a run in the HParams tab."""
    info = SessionEndInfo(status=STATUS_SUCCESS if success else STATUS_FAILURE, end_time_secs=time.time())
    return _session(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=info))


@contextmanager
def failing(folder: Path, swept: Mapping[str, Value], group: str) -> Iterator[None]:
    """Notes a session that failed before there was an event file, so that the HParams tab does not keep it quiet."""
    try:
        yield
    except SkippedError:
        raise
    except Exception:
        if not any(folder.glob("events.out.tfevents.*")):
            EventFile(folder, swept, group).close(success=False)
        raise


def reopen(folder: Path) -> None:
    """Takes the end of the session out of the event files that a folder already has."""
    for path in folder.glob("events.out.tfevents.*"):
        write_in_one_move(path, _without_end(path.read_bytes()))


def _session(tag: str, content: HParamsPluginData) -> Summary:
    return Summary(value=[Summary.Value(tag=tag, metadata=metadata.create_summary_metadata(content))])


def _without_end(events: bytes) -> bytes:
    """Whole records only, for a process that was killed leaves half of one: length (8), check (4), event, check (4)."""
    kept, place = [], 0
    while place < len(events):
        size = 16 + int.from_bytes(events[place : place + 8], "little")
        record = events[place : place + size]
        if len(record) == size and metadata.SESSION_END_INFO_TAG.encode() not in record:
            kept.append(record)
        place += size
    return b"".join(kept)
