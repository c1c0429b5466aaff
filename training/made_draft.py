"""A first draft of how a model was made, in sentences, from what its run wrote down."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.recipe import shorten_origin

# Seen by who edits the file, and by nobody who reads the card.
HINT = (
    "<!-- A first draft, from the record of the run. Add what no program knows: where the pictures "
    "come from, who labelled them and how, what was tried before. -->"
)


def format_made_draft(record: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Return the text of a MADE.md for a person to go on with.

    Args:
        record: Of the run, as in `config.json`; Any: JSON.
        result: As in `result.json`.

    Raises:
        KeyError, TypeError: Something is absent, or of another type.
    """
    paragraphs = [
        HINT,
        _describe_network(record["config"]),
        "It learned from these picture sets. Their val pictures told after each epoch how far it "
        "was; their test pictures were not opened.",
        "\n".join(_describe_sets(record)),
        _describe_start(record["initial_weights"]),
        _describe_steps(record["config"], result),
        _describe_machine(record, result),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _describe_network(config: Mapping[str, Any]) -> str:
    names = ", ".join(config["classes"])
    masked = (
        " What nobody looked for on a picture was no background there."
        if config["mask_unlabelled"]
        else ""
    )
    return f"A network for {names}, trained at {config['input_size_px']} px.{masked}"


def _describe_sets(record: Mapping[str, Any]) -> list[str]:
    return [
        _describe_set(found, choice)
        for found, choice in zip(record["picture_sets"], record["config"]["pictures"], strict=True)
    ]


def _describe_set(found: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    how = {"whole": "whole", "tiles": "in tiles", "both": "whole and in tiles"}[choice["tiling"]]
    parts = [
        f"{found['train']:,} pictures and tiles an epoch to learn from",
        f"{found['val']:,} of val",
        f"shown {how}",
    ]
    if choice["sources"]:
        parts.append(f"only those of {', '.join(choice['sources'])}")
    if choice["weight"] > 1:
        parts.append(f"each {choice['weight']:g} times")
    elif choice["weight"] < 1:
        parts.append(f"a fixed {choice['weight']:.0%} of them")
    if found["left_out"]:
        parts.append(f"{len(found['left_out'])} left out, since they could not be used")
    return f"- {found['name']} {found['version']}: {'; '.join(parts)}."


def _describe_start(start: Mapping[str, Any]) -> str:
    if start["sha256"] is None:
        return "It started from scratch."
    return (
        f"It started from the weights in {shorten_origin(start['origin'])} "
        f"(SHA-256 {start['sha256']})."
    )


def _describe_steps(config: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    shown = result.get("pictures_an_epoch")  # runs of earlier versions did not count them
    an_epoch = f", each of {shown:,} pictures and tiles" if shown else ""
    sentences = [
        f"It learned for {result['epochs']} epochs{an_epoch}, in batches of "
        f"{config['batch_size']}; epoch {result['best_epoch']} was the best on val."
    ]
    if config["frozen_layers"]:
        sentences.append(f"The first {config['frozen_layers']} layers kept their weights.")
    if config["least_pictures_per_class"]:
        least = config["least_pictures_per_class"]
        sentences.append(f"Pictures of rarer classes were repeated up to about {least} a class.")
    sentences.append(f"Seed {config['seed']}{_list_options(config['options'])}.")
    return " ".join(sentences)


def _list_options(options: Mapping[str, Any]) -> str:
    if not options:
        return ", and the settings of ultralytics"
    listed: Sequence[str] = [f"{name} {value}" for name, value in options.items()]
    return f"; settings of ultralytics: {', '.join(listed)}"


def _describe_machine(record: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    machine, code = record["machine"], record["code"]
    where = machine["gpu"] or f"{machine['processor']}, {machine['threads']} threads"
    commit = f", commit {code['commit'][:12]}" if code["commit"] else ""
    changed = " with changes that were not committed" if code["uncommitted_changes"] else ""
    return (
        f"That took {result['seconds'] / 3600:.2f} hours on {where}, in {machine['precision']}, "
        f"with skypatrol {code['skypatrol']}{commit}{changed}, torch {code['torch']} and "
        f"ultralytics {code['ultralytics']}."
    )
