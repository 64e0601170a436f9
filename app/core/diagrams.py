"""What a sandbox's objects look like beside each other: entities and the relations between them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column of an entity. `marks`: `primary key`, `unique`, `not null`, `foreign key`, in any number."""

    name: str
    type: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    name: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A reference from one entity's attributes to another's. `required` and `one` tell its ends' multiplicity.

    `required`: every `source` row has a target; `one`: a target has at most one `source` row.
    """

    source: str
    target: str
    attributes: tuple[tuple[str, str], ...]
    required: bool = False
    one: bool = False


@dataclass(frozen=True, slots=True)
class Diagram:
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]
