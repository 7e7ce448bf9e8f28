"""What transforms do to fields: mappings, choices, selections. Each takes and gives (DataFrame, schema)."""

from awsglue import gluetypes as G
from pyspark.sql import functions as F

from . import columns, types
from .columns import Part

# --- mappings ----------------------------------------------------------------------------------------------------


def mappings_of(mappings):
    """Mappings with their paths and types read: (source path, target path, target type or None).

    Raises `ValueError` for a mapping of another form and for what is no type.
    """
    wanted = []
    for mapping in mappings:
        if len(mapping) == 4:
            source, source_type, target, target_type = mapping
            if source_type:
                types.parse(source_type)
            wanted.append((columns.path_of(source), columns.path_of(target), types.parse(target_type)))
        elif len(mapping) == 2:
            wanted.append((columns.path_of(mapping[0]), columns.path_of(mapping[1]), None))
        else:
            raise ValueError(f"a mapping is (source, type, target, type) or (source, target), not {mapping!r}")
    return wanted


def apply_mapping(frame, schema, wanted, case_sensitive=False):
    tree = {}
    for source, target, kind in wanted:
        found = columns.find(schema, source if case_sensitive else _as_written(schema, source))
        if found is None:
            continue
        part = Part(
            target[-1],
            found.column if kind is None else columns.cast(found.column, found.kind, kind),
            kind or found.kind,
        )
        place = tree
        for name in target[:-1]:
            inner = place.get(name)
            place[name] = inner if isinstance(inner, dict) else {}
            place = place[name]
        place[target[-1]] = part
    return columns.select(frame, _parts_of_tree(tree))


def _as_written(schema, path):
    """A path with the names' case as the schema has it; an exact name is preferred."""
    if len(path) > 1 and ".".join(path).lower() in {field.name.lower() for field in schema.fields}:
        path = (".".join(path),)
    found, kind = [], schema
    for name in path:
        if isinstance(kind, G.ChoiceType):
            kind = kind.choice_map.get("struct", kind)
        names = list(kind.field_map) if isinstance(kind, G.StructType) else []
        match = name if name in names else next((known for known in names if known.lower() == name.lower()), name)
        found.append(match)
        kind = kind.field_map[match].dataType if match in names else G.UnknownType()
    return tuple(found)


def _parts_of_tree(tree):
    parts = []
    for name, value in tree.items():
        if isinstance(value, Part):
            parts.append(Part(name, value.column, value.kind))
        else:
            built, kind = columns.struct_of(_parts_of_tree(value))
            parts.append(Part(name, built, kind))
    return parts


# --- choices -----------------------------------------------------------------------------------------------------


def choice_action(specs, choice, database, table_name):
    """The action for all choices, checked; raises `ValueError` as AWS refuses the combinations."""
    if specs is not None and choice:
        raise ValueError("You can specify either specs or choice, not both")
    for action in [action for _, action in specs or []] + ([choice] if choice else []):
        _parsed_action(action, allow_catalog=specs is None)
    if choice == "match_catalog" and not (database and table_name):
        raise ValueError('choice="match_catalog" needs database and table_name')
    return choice


def _parsed_action(action, allow_catalog=False):
    name, _, argument = action.partition(":")
    name = name.strip().lower()
    if name in ("cast", "project") and argument:
        return name, types.parse(argument)
    if name in ("make_cols", "make_struct") or (allow_catalog and name == "match_catalog"):
        return name, None
    raise ValueError(f"Invalid choice action {action!r}: cast:type, project:type, make_cols or make_struct")


def resolve(frame, schema, specs, action):
    by_path = {columns.path_of(path): _parsed_action(spec) for path, spec in specs or []}
    for_all = _parsed_action(action) if action else None

    def visit(path, part):
        told = by_path.get(path)
        is_choice = isinstance(part.kind, G.ChoiceType)
        if told is None and is_choice:
            told = for_all
        # A cast that names its place takes any type, as AWS does; all else is for choices.
        if told is None or (not is_choice and told[0] != "cast"):
            return None
        return _resolved(part, *told)

    return rewritten(frame, schema, visit)


def _resolved(part, name, kind):
    if name == "cast":
        return [Part(part.name, columns.cast(part.column, part.kind, kind), kind)]
    if name == "project":
        known = part.kind.choice_map.get(kind.typeName())
        value = (
            columns.cast(part.column.getField(kind.typeName()), known, kind)
            if known is not None
            else F.lit(None).cast(types.to_spark(kind))
        )
        return [Part(part.name, value, kind)]
    if name == "make_cols":
        return [
            Part(f"{part.name}_{choice.typeName()}", part.column.getField(choice.typeName()), choice)
            for choice in part.kind.choices
        ]
    struct = G.StructType([G.Field(choice.typeName(), choice) for choice in part.kind.choices])
    return [Part(part.name, part.column, struct)]


def with_option(frame, schema, option):
    """`toDF`'s resolution of one path."""
    action = option.action.lower()
    if action == "keepasstruct":
        return frame, schema
    if action not in ("project", "cast") or option.target is None:
        raise ValueError(
            "Target type must be specified with project action."
            if action == "project"
            else f"Invalid resolve option action {option.action!r}"
        )
    target = option.target
    if isinstance(target, str):
        target = types.parse(target)
    elif not isinstance(target, G.DataType):
        target = types.from_spark(target)
    path = columns.path_of(option.path)
    return rewritten(
        frame,
        schema,
        lambda at, part: (
            _resolved(part, action, target)
            if at == path and (isinstance(part.kind, G.ChoiceType) or action == "cast")
            else None
        ),
    )


def match_catalog(frame, schema, table):
    """Fields with the types that the catalog's table gives them."""
    known = {name.lower(): types.parse(kind) for name, kind in table.column_types()}
    parts = [
        Part(part.name, columns.cast(part.column, part.kind, known[part.name.lower()]), known[part.name.lower()])
        if part.name.lower() in known
        else part
        for part in columns.parts_of(schema)
    ]
    return columns.select(frame, parts)


# --- fields ------------------------------------------------------------------------------------------------------


def rewritten(frame, schema, visit):
    """The frame with every place of its schema visited (`columns.rewrite`)."""
    parts = [new for part in columns.parts_of(schema) for new in columns.rewrite(part, visit)]
    return columns.select(frame, parts)


def select_fields(frame, schema, wanted):
    flat = {path if len(path) == 1 or ".".join(path) not in schema.field_map else (".".join(path),) for path in wanted}

    def pick(part, path):
        if path in flat:
            return part
        if not any(known[: len(path)] == path for known in flat):
            return None
        if not isinstance(part.kind, G.StructType):
            return None
        inner = [pick(below, (*path, below.name)) for below in columns.fields_of(part)]
        inner = [below for below in inner if below is not None]
        return Part(part.name, *columns.struct_of(inner, part.column)) if inner else None

    picked = {part.name: pick(part, (part.name,)) for part in columns.parts_of(schema)}
    # In the order that was asked for.
    order = list(dict.fromkeys(path[0] if path[0] in picked else ".".join(path) for path in wanted))
    return columns.select(frame, [picked[name] for name in order if picked.get(name) is not None])


def rename_field(frame, schema, old, new):
    found = columns.find(schema, old)
    if found is None:
        return frame, schema
    if len(old) > 1 and ".".join(old) in schema.field_map:
        old = (".".join(old),)
    if len(old) == len(new) and old[:-1] == new[:-1]:
        return rewritten(frame, schema, lambda path, part: [part._replace(name=new[-1])] if path == old else None)
    # To another struct: take it out, and put it where it shall be.
    parts = [
        p
        for part in columns.parts_of(schema)
        for p in columns.rewrite(part, lambda path, inner: [] if path == old else None)
    ]
    return columns.select(frame, _placed(parts, new, found))


def _placed(parts, path, found):
    """Parts with one more at a path, in the struct that is there or in a new one."""
    if len(path) == 1:
        return [part for part in parts if part.name != path[0]] + [found._replace(name=path[0])]
    placed, done = [], False
    for part in parts:
        if part.name == path[0] and isinstance(part.kind, G.StructType):
            inner = _placed(columns.fields_of(part), path[1:], found)
            placed.append(Part(part.name, *columns.struct_of(inner)))
            done = True
        else:
            placed.append(part)
    if not done:
        placed.append(Part(path[0], *columns.struct_of(_placed([], path[1:], found))))
    return placed
