"""Items of DynamoDB as a table."""

from app.web.views.item_tables import item_table


def test_columns_in_order_of_appearance_with_dynamodbs_types() -> None:
    table = item_table(
        [
            {"pk": {"S": "a"}, "n": {"N": "12345678901234567890123456789012345678"}, "set": {"NS": ["1", "2"]}},
            {
                "pk": {"S": ""},
                "n": {"S": "x"},
                "m": {"M": {"l": {"L": [{"N": "1"}, {"NULL": True}]}, "s": {"SS": ["é"]}}},
            },
            {"pk": {"B": "AAE="}, "t": {"BOOL": True}, "n": {"NULL": True}},
        ]
    )
    assert [(column.name, column.type) for column in table.columns] == [
        ("pk", "S | B"),
        ("n", "N | S"),
        ("set", "NS"),
        ("m", "M"),
        ("t", "BOOL"),
    ]
    shown = [[cell and (cell.kind, cell.text) for cell in row] for row in table.rows]
    assert shown[0] == [("s", "a"), ("b", "12345678901234567890123456789012345678"), ("long", "{ 1, 2 }"), None, None]
    assert shown[1] == [("n", "empty"), ("s", "x"), None, ("long", '{ "l": [1, null], "s": { "é" } }'), None]
    assert shown[2] == [("t", "AAE="), ("n", "null"), None, None, ("b", "true")]


def test_long_cells_and_wide_items_are_cut() -> None:
    table = item_table([{f"a{n}": {"S": "x" * 400} for n in range(80)}])
    assert (len(table.columns), table.left_out) == (60, 20)
    assert table.rows[0][0] is not None
    assert len(table.rows[0][0].text) == 301
