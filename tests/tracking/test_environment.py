"""What a run tells of where it was computed."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from pathlib import Path

import torch

from mixfit.tracking.environment import commit, environment


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_versions_and_threads_are_those_of_this_process() -> None:
    found = environment()
    assert found["python"] == platform.python_version()
    assert found["torch"] == importlib.metadata.version("torch")
    assert found["mixfit"] == importlib.metadata.version("mixfit")
    assert found["torch threads"] == torch.get_num_threads()


def test_a_commit_with_changes_on_top_has_a_plus(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "train.py").write_text("print()\n")
    git(tmp_path, "add", "train.py")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    name = git(tmp_path, "rev-parse", "--short", "HEAD")
    assert commit(tmp_path) == name
    (tmp_path / "notes.txt").write_text("measures nothing\n")
    assert commit(tmp_path) == name
    (tmp_path / "train.py").write_text("print(1)\n")
    assert commit(tmp_path) == f"{name}+"


def test_a_folder_inside_somebody_elses_repository_has_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "first")
    (tmp_path / "site-packages").mkdir()
    assert commit(tmp_path / "site-packages") == "unknown"
