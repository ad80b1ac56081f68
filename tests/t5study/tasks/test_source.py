"""Raw examples from local files, their identity, and what a wrong file is told."""

from __future__ import annotations

import json
import os

import pytest

from lab.by_content import file_sha256
from lab.datasets.source import check_fields
from t5study.tasks import Source, TaskError, get_task

ROWS = [
    {"sentence1": f"One {i}.", "sentence2": f"Two {i}.", "label": i % 2, "idx": i} for i in range(4)
]


@pytest.fixture
def mrpc():
    return get_task("glue_mrpc")


def write(path, rows=ROWS):
    """Write rows in the format of the path's suffix."""
    import datasets

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        datasets.Dataset.from_list(rows).to_parquet(path)
    else:
        import pyarrow as pa

        table = pa.Table.from_pylist(rows)
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table)
    return path


@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet", "arrow"])
def test_every_format_gives_the_same_rows(mrpc, tmp_path, suffix):
    """JSON, JSON lines, Parquet and Arrow read alike."""
    file = write(tmp_path / f"rows.{suffix}")
    assert mrpc.load("train", data_files=file).to_list() == ROWS


@pytest.mark.parametrize(
    "name",
    [
        "train.jsonl",
        "train-00000-of-00001.parquet",
        "train/data-00000-of-00001.arrow",
        "mrpc/train-00000-of-00001.parquet",
        "nyu-mll/glue/mrpc/train-00000-of-00001.parquet",
    ],
)
def test_data_dir_finds_a_split(mrpc, tmp_path, name):
    """A split is a file, shards, a folder, or what the hub has below the data set's name."""
    write(tmp_path / "data" / name)
    assert mrpc.load("train", data_dir=tmp_path / "data").to_list() == ROWS


def test_saved_data_set_is_read(mrpc, tmp_path):
    """What Dataset.save_to_disk leaves is read, notes beside the data or not."""
    import datasets

    datasets.DatasetDict(validation=datasets.Dataset.from_list(ROWS)).save_to_disk(tmp_path / "d")
    assert mrpc.load("validation", data_dir=tmp_path / "d").to_list() == ROWS


def test_shards_are_joined_in_order(mrpc, tmp_path):
    """Shards of a split follow each other by name."""
    write(tmp_path / "train-00001-of-00002.jsonl", ROWS[2:])
    write(tmp_path / "train-00000-of-00002.jsonl", ROWS[:2])
    assert mrpc.load("train", data_dir=tmp_path).to_list() == ROWS


def test_joined_splits_are_read_from_both_files(tmp_path):
    """MNLI's validation is its matched and its mismatched set."""
    for part in ("matched", "mismatched"):
        row = {"premise": part, "hypothesis": "h", "label": 0}
        write(tmp_path / "mnli" / f"validation_{part}.json", [row])
    joined = get_task("glue_mnli").load("validation", data_dir=tmp_path)
    assert joined["premise"] == ["matched", "mismatched"]
    alone = get_task("glue_mnli_mismatched").load("validation", data_dir=tmp_path)
    assert alone["premise"] == ["mismatched"]


def test_data_files_by_split_and_by_pattern(mrpc, tmp_path):
    """A mapping names files for each split; a pattern takes all that match."""
    write(tmp_path / "a1.json", ROWS[:1])
    write(tmp_path / "a2.json", ROWS[1:])
    files = {"train": str(tmp_path / "a*.json"), "test": [tmp_path / "a1.json"]}
    assert len(mrpc.load("train", data_files=files)) == len(ROWS)
    assert mrpc.load("test", data_files=files).to_list() == ROWS[:1]


def test_translation_pairs_framed_or_bare(tmp_path):
    """A file may hold the hub's pairs or just one column a language."""
    pair = {"en": "Hi.", "de": "Hallo."}
    task = get_task("wmt14_ende")
    for name, row in (("framed.jsonl", {"translation": pair}), ("bare.jsonl", pair)):
        (made,) = task.examples("test", data_files=write(tmp_path / name, [row]))
        assert made == {"inputs": "translate English to German: Hi.", "targets": "Hallo."}


def test_hub_translation_feature_is_understood(tmp_path):
    """The hub's own type for translated pairs satisfies the field check."""
    import datasets

    features = {"translation": datasets.Translation(languages=["de", "en"])}
    check_fields("t", "file", datasets.Features(features), ["translation.en|en"])
    with pytest.raises(TaskError, match=r"no field 'translation\.fr'"):
        check_fields("t", "file", datasets.Features(features), ["translation.fr"])


def test_renamed_field_names_task_file_found_and_expected(mrpc, tmp_path):
    """The message holds all that is needed to repair the file."""
    file = write(tmp_path / "bad.json", [{"sentence_1": "a", "sentence2": "b", "label": 1}])
    with pytest.raises(TaskError) as error:
        mrpc.load("train", data_files=file)
    for part in ("glue_mrpc", str(file), "'sentence1'", "found: 'sentence_1'"):
        assert part in str(error.value)


def test_renamed_field_inside_a_record(tmp_path):
    """A field of a nested record is checked too."""
    row = {"question": "q", "context": "c", "answers": {"texts": ["a"]}}
    with pytest.raises(TaskError, match=r"'answers\.text'.*'texts'"):
        get_task("squad").load("train", data_files=write(tmp_path / "bad.json", [row]))


def test_field_inside_a_list_of_records():
    """Records in a list are looked into."""
    import datasets

    features = datasets.Features({"answers": [{"text": datasets.Value("string")}]})
    check_fields("t", "file", features, ["answers.text"])


def test_wrong_shard_is_named(mrpc, tmp_path):
    """Of several files the one with the renamed field is named."""
    write(tmp_path / "train-0.parquet")
    bad = write(tmp_path / "train-1.parquet", [{"first": "a", "sentence2": "b", "label": 1}])
    with pytest.raises(TaskError, match=str(bad)):
        mrpc.load("train", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.jsonl", b'{"a": 1\nnot json'),
        ("broken.parquet", b"PAR1xxxxPAR1"),
        ("broken.arrow", b"nothing"),
        ("empty.jsonl", b""),
    ],
)
def test_unreadable_file_is_one_clear_error(mrpc, tmp_path, name, content):
    """A broken file is named with the reader's reason."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TaskError, match=f"glue_mrpc.*{name} cannot be read: ."):
        mrpc.load("train", data_files=tmp_path / name)


def test_a_damaged_file_of_ours_says_how_it_is_made_anew(tmp_path):
    """Nobody but this project wrote it, so that nobody else knows what to type."""
    source = Source(folder=tmp_path, pins=dict, splits={"train": "toy-train"})
    (tmp_path / "toy-train.parquet").write_bytes(b"PAR1xxxxPAR1")
    with pytest.raises(TaskError) as raised:
        source.load("toy", "train", ["text"])
    assert str(raised.value).endswith(
        f". Delete the folder {tmp_path} and type: python -m lab.corpora fetch toy"
    )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"data_dir": "nowhere"}, "nowhere does not exist"),
        ({"data_files": "nowhere.json"}, r"nowhere\.json does not exist"),
        ({"data_files": "none-*.json"}, "does not exist"),
        ({"data_files": []}, "data_files is empty"),
        ({"data_files": {"tain": "x.json"}}, "no split 'tain'.*Did you mean 'train'"),
        ({"data_files": "x.json", "data_dir": "."}, "data_dir or data_files, not both"),
    ],
)
def test_wrong_override(mrpc, tmp_path, monkeypatch, overrides, message):
    """Overrides that name no file are refused before anything is read."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TaskError, match=message):
        mrpc.load("train", **overrides)


def test_unknown_format(mrpc, tmp_path):
    """A suffix that no reader takes is refused with the known ones."""
    (tmp_path / "rows.xml").write_text("a,b\n")
    with pytest.raises(TaskError, match=r"format of .*rows\.xml; known: \.json"):
        mrpc.load("train", data_files=tmp_path / "rows.xml")


def test_missing_split_file_says_what_is_expected(mrpc, tmp_path):
    """A folder without the split is answered with the expected names and what lies there."""
    write(tmp_path / "training.json")
    with pytest.raises(
        TaskError, match=r"expected 'train\.parquet'.*Found: training\.json"
    ) as error:
        mrpc.load("train", data_dir=tmp_path)
    assert "nyu-mll/glue/mrpc, nyu-mll/glue, mrpc, the folder itself" in str(error.value)


def test_unknown_split(mrpc):
    """A split that the task lacks is answered with the nearest one."""
    with pytest.raises(TaskError, match=r"no split 'trian'\. Did you mean 'train'"):
        mrpc.load("trian")


def test_hub_out_of_reach_says_what_to_do(mrpc):
    """Without a hub the message shows the way to local files."""
    with pytest.raises(TaskError, match=r"nyu-mll/glue \(mrpc\).*data_dir=FOLDER"):
        mrpc.load("train")


def test_hub_identity(mrpc):
    """Hub data is named by data set, configuration, split and commit."""
    assert mrpc.identity("validation") == {
        "hub": "nyu-mll/glue",
        "config": "mrpc",
        "split": "validation",
        "commit": "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c",
    }


def test_file_identity_is_the_content_not_the_path(mrpc, tmp_path):
    """The same bytes elsewhere are the same data; other bytes are not."""
    here, there = write(tmp_path / "a" / "x.json"), write(tmp_path / "b" / "y.json")
    identity = mrpc.identity("train", data_files=here)
    assert identity == mrpc.identity("train", data_files=there)
    assert identity == {"sha256": [file_sha256(here)]}
    write(there, ROWS[:1])
    os.utime(there, ns=(1, 1))
    assert mrpc.identity("train", data_files=there) != identity


def test_folder_is_made_only_when_read(tmp_path):
    """A source may be a function; building or asking for splits does not call it."""
    calls = []

    def prepare():
        calls.append(1)
        write(tmp_path / "films-train.parquet")
        return tmp_path

    source = Source(folder=prepare, splits={"train": "films-train"})
    assert calls == []
    assert source.load("films", "train", ["sentence1"]).to_list() == ROWS
    assert calls == [1]


def test_pins_name_a_folder_that_is_not_made():
    """Pinned content is identified without making it; files given instead are hashed."""

    def prepare():
        raise AssertionError("made")

    source = Source(folder=prepare, pins=lambda: {"archive": "x 1.0"}, splits={"train": "t"})
    assert source.identity("films", "train") == {"archive": "x 1.0", "split": "t"}
    with pytest.raises(TaskError, match="no split 'test'"):
        source.identity("films", "test")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "a hub path, a folder or listed files"),
        ({"path": "a/b", "folder": "c"}, "a hub path, a folder or listed files"),
        ({"path": "a/b", "revision": "main"}, "'main' is not a commit"),
    ],
)
def test_impossible_source(parts, message):
    """A source is either a pinned hub data set or a folder."""
    with pytest.raises(TaskError, match=message):
        Source(splits={"train": "train"}, **parts)
