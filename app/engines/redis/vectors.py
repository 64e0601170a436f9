"""Vector sets, of which the server's own manual says nothing: syntax, summary and complexity."""

VECTOR_SETS = {
    "VADD": (
        "key [REDUCE dim] <FP32 blob | VALUES num value [value ...]> element [CAS] [NOQUANT | Q8 | BIN] [EF factor] [SETATTR json] [M links]",
        "Adds an element with its vector to a vector set, or gives it a new one.",
        "O(log(N)) where N is the number of elements.",
    ),
    "VSIM": (
        "key <ELE element | FP32 blob | VALUES num value [value ...]> [WITHSCORES] [WITHATTRIBS] [COUNT num] [EPSILON delta] [EF factor] [FILTER expression] [TRUTH]",
        "The elements most similar to an element or a vector, nearest first.",
        "O(log(N)) where N is the number of elements; O(N) with TRUTH.",
    ),
    "VREM": ("key element", "Removes an element from a vector set.", "O(log(N)) where N is the number of elements."),
    "VCARD": ("key", "How many elements a vector set has.", "O(1)"),
    "VDIM": ("key", "How many dimensions the vectors of a set have.", "O(1)"),
    "VEMB": ("key element [RAW]", "The vector of an element, as it is kept.", "O(1)"),
    "VGETATTR": ("key element", "The attributes of an element, as JSON.", "O(1)"),
    "VSETATTR": ("key element json", "Gives an element attributes, which VSIM's FILTER can ask for.", "O(1)"),
    "VINFO": ("key", "What a vector set is made of: type, dimensions, size, links.", "O(1)"),
    "VISMEMBER": ("key element", "Whether an element is in a vector set.", "O(1)"),
    "VLINKS": ("key element [WITHSCORES]", "The neighbours of an element in each layer of the graph.", "O(1)"),
    "VRANDMEMBER": ("key [count]", "Elements at random.", "O(N) where N is the count that is asked for."),
}
