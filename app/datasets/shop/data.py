"""Users, products, orders with their lines, and reviews."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.datasets import Part
from app.datasets import Dataset, pick

NAMES = [
    "Ada",
    "Grace",
    "Alan",
    "Edsger",
    "Barbara",
    "Donald",
    "Frances",
    "Ken",
    "Radia",
    "Dennis",
    "Margaret",
    "Linus",
    "Hedy",
    "Tim",
    "Sophie",
    "Niklaus",
    "Jean",
    "Claude",
    "Karen",
    "Leslie",
]
CITIES = ("London", "Paris", "Berlin", "Madrid", "Rome")
STATUSES = ("paid", "shipped", "shipped", "shipped", "cancelled", "new")
KINDS = {
    "tea": ("Assam", "Darjeeling", "Sencha", "Oolong"),
    "cups": ("Mug", "Tumbler", "Teapot", "Saucer"),
    "paper": ("Notebook", "Sketchbook", "Envelope", "Postcard"),
    "pens": ("Fountain pen", "Pencil", "Brush pen", "Marker"),
    "books": ("Atlas", "Cookbook", "Novel", "Dictionary"),
    "games": ("Chess", "Dominoes", "Go", "Backgammon"),
}
TAGS = ("gift", "new", "sale", "eco")
WORDS = (
    "Lovely and well made",
    "Arrived late but works",
    "Broke after a week",
    "A perfect gift",
    "Good value for the price",
)
START = datetime(2026, 1, 1, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    email: str
    city: str
    joined: str


@dataclass(frozen=True, slots=True)
class Product:
    id: int
    name: str
    category: str
    price: float
    stock: int
    tags: list[str]
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    product: Product
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    id: int
    user: User
    placed: datetime
    status: str
    lines: list[Line]

    @property
    def total(self) -> float:
        return sum(line.quantity * line.product.price for line in self.lines)


@dataclass(frozen=True, slots=True)
class Review:
    product: Product
    user: User
    stars: int
    text: str


@dataclass(frozen=True, slots=True)
class Shop:
    users: list[User]
    products: list[Product]
    orders: list[Order]
    reviews: list[Review]

    @property
    def sold(self) -> dict[int, int]:
        """Units sold of each product, cancelled orders left out."""
        units = {product.id: 0 for product in self.products}
        for order in self.orders:
            if order.status != "cancelled":
                for line in order.lines:
                    units[line.product.id] += line.quantity
        return units


def facts(scale: int) -> Shop:
    users = [_user(number) for number in range(1, 20 * scale + 1)]
    products = [_product(number) for number in range(1, 24 * min(scale, 10) + 1)]
    orders = [_order(number, users, products) for number in range(1, 60 * scale + 1)]
    pairs = {(pick("who", n, len(users)), pick("what", n, len(products))): n for n in range(40 * scale)}
    reviews = [
        Review(
            products[product], users[user], 5 - pick("stars", n, 5) * pick("mood", n, 3) // 2, WORDS[pick("word", n, 5)]
        )
        for (user, product), n in pairs.items()
    ]
    return Shop(users, products, orders, reviews)


def _user(number: int) -> User:
    name = NAMES[(number - 1) % len(NAMES)] + ("" if number <= len(NAMES) else f" {(number - 1) // len(NAMES) + 1}")
    joined = START - timedelta(days=pick("joined", number, 700))
    return User(
        number,
        name,
        f"{name.lower().replace(' ', '.')}@example.com",
        CITIES[pick("city", number, 5)],
        f"{joined:%Y-%m-%d}",
    )


def _product(number: int) -> Product:
    category = list(KINDS)[(number - 1) // 4 % len(KINDS)]
    round_, kind = (number - 1) // 24, KINDS[category][(number - 1) % 4]
    name = kind if not round_ else f"{kind} No. {round_ + 1}"
    tags = [tag for place, tag in enumerate(TAGS) if pick(tag, number, place + 2) == 0]
    price = 2 + pick("price", number, 152) / 4
    return Product(number, name, category, price, pick("stock", number, 40), tags, f"{name}, from our {category} shelf")


def _order(number: int, users: list[User], products: list[Product]) -> Order:
    chosen = dict.fromkeys(pick(f"line{n}", number, len(products)) for n in range(1 + pick("lines", number, 4)))
    lines = [Line(products[at], 1 + pick(f"quantity{place}", number, 4)) for place, at in enumerate(chosen)]
    placed = START + timedelta(minutes=number * 1501)
    return Order(number, users[pick("buyer", number, len(users))], placed, STATUSES[pick("status", number, 6)], lines)


def tables(shop: Shop) -> tuple[Part, ...]:
    users = [(u.id, u.name, u.email, u.city, u.joined) for u in shop.users]
    products = [(p.id, p.name, p.category, p.price, p.stock, p.tags, p.text) for p in shop.products]
    orders = [(o.id, o.user.id, o.placed, o.status) for o in shop.orders]
    lines = [(o.id, line.product.id, line.quantity, line.product.price) for o in shop.orders for line in o.lines]
    reviews = [(r.product.id, r.user.id, r.stars, r.text) for r in shop.reviews]
    return (
        Part("users", users, ("id", "name", "email", "city", "joined")),
        Part("products", products, ("id", "name", "category", "price", "stock", "tags", "description")),
        Part("orders", orders, ("id", "user_id", "placed", "status")),
        Part("lines", lines, ("order_id", "product_id", "quantity", "price")),
        Part("reviews", reviews, ("product_id", "user_id", "stars", "text")),
    )


def documents(shop: Shop) -> tuple[Part, ...]:
    products = [
        {
            "_id": p.id,
            "name": p.name,
            "category": p.category,
            "price": p.price,
            "stock": p.stock,
            "tags": p.tags,
            "description": p.text,
        }
        for p in shop.products
    ]
    orders = [
        {
            "_id": o.id,
            "user": {"id": o.user.id, "name": o.user.name},
            "placed": o.placed,
            "status": o.status,
            "total": o.total,
            "lines": [
                {
                    "product": line.product.id,
                    "name": line.product.name,
                    "quantity": line.quantity,
                    "price": line.product.price,
                }
                for line in o.lines
            ],
        }
        for o in shop.orders
    ]
    return (
        Part(
            "users",
            [{"_id": u.id, "name": u.name, "email": u.email, "city": u.city, "joined": u.joined} for u in shop.users],
        ),
        Part("products", products),
        Part("orders", orders),
        Part(
            "reviews",
            [{"product": r.product.id, "user": r.user.id, "stars": r.stars, "text": r.text} for r in shop.reviews],
        ),
    )


def keys(shop: Shop) -> tuple[Part, ...]:
    sold = shop.sold
    commands: list[list[object]] = [
        ["HSET", f"user:{u.id}", "name", u.name, "email", u.email, "city", u.city, "joined", u.joined]
        for u in shop.users
    ]
    for p in shop.products:
        commands += [
            ["HSET", f"product:{p.id}", "name", p.name, "category", p.category, "price", p.price, "stock", p.stock],
            ["SADD", f"category:{p.category}", p.id],
            ["ZADD", "products:by-price", p.price, p.id],
            ["ZADD", f"sold:{p.category}", sold[p.id], p.name],
            ["SADD", f"tags:{p.id}", *p.tags] if p.tags else [],
        ]
    for o in shop.orders:
        at = int(o.placed.timestamp())
        commands += [
            ["HSET", f"order:{o.id}", "user", o.user.id, "status", o.status, "placed", at, "total", o.total],
            ["HSET", f"order:{o.id}:lines", *(word for line in o.lines for word in (line.product.id, line.quantity))],
            ["ZADD", f"user:{o.user.id}:orders", at, o.id],
            ["SADD", f"orders:{o.status}", o.id],
        ]
    commands += [["HSET", f"reviews:{r.product.id}", r.user.id, r.stars] for r in shop.reviews]
    return (Part("keys", [command for command in commands if command]),)


def items(shop: Shop) -> tuple[Part, ...]:
    sold = shop.sold
    found: list[dict[str, object]] = [
        {"pk": f"USER#{u.id}", "sk": "PROFILE", "name": u.name, "email": u.email, "city": u.city, "joined": u.joined}
        for u in shop.users
    ]
    found += [
        {
            "pk": f"PRODUCT#{p.id}",
            "sk": "INFO",
            "name": p.name,
            "category": p.category,
            "price": p.price,
            "stock": p.stock,
        }
        | {"sold": sold[p.id], "tags": p.tags}
        for p in shop.products
    ]
    for o in shop.orders:
        placed = f"{o.placed:%Y-%m-%dT%H:%M:%SZ}"
        found.append(
            {
                "pk": f"USER#{o.user.id}",
                "sk": f"ORDER#{placed}",
                "order_id": o.id,
                "status": o.status,
                "placed": placed,
                "total": o.total,
            }
        )
        found += [
            {
                "pk": f"ORDER#{o.id}",
                "sk": f"LINE#{place}",
                "product": line.product.id,
                "name": line.product.name,
                "quantity": line.quantity,
                "unit_price": line.product.price,
            }
            for place, line in enumerate(o.lines, 1)
        ]
    found += [
        {"pk": f"PRODUCT#{r.product.id}", "sk": f"REVIEW#{r.user.id}", "stars": r.stars, "text": r.text}
        for r in shop.reviews
    ]
    return (Part("shop", found),)


DATASET = Dataset(
    slug="shop",
    title="Shop",
    about="Users order tea, cups, paper, pens, books and games, and review them.",
    facts=facts,
    shapes={"postgres": tables, "mongodb": documents, "redis": keys, "dynamodb": items},
    mapping={
        "postgres": (
            ("users", "one row a user; email is unique"),
            ("products", "tags are a text array; price is numeric"),
            ("orders", "each refers to its user"),
            ("lines", "what was ordered: the key is order and product, the price is the one paid"),
            ("reviews", "one per user and product; stars from 1 to 5"),
        ),
        "mongodb": (
            ("users", "one document a user"),
            ("products", "tags are an array inside"),
            (
                "orders",
                "the lines are embedded, because they are always read with their order; the buyer's name is copied in",
            ),
            ("reviews", "a collection of their own, because they grow without end; they refer to product and user"),
        ),
        "redis": (
            ("user:{id}, product:{id}, order:{id}", "a hash per thing"),
            ("order:{id}:lines", "a hash from product to quantity"),
            ("user:{id}:orders", "a sorted set of order numbers by time: what a foreign key is elsewhere"),
            ("category:{name}, orders:{status}, tags:{product}", "sets of numbers: our own indexes"),
            ("products:by-price, sold:{category}", "sorted sets: our own orderings, kept at every write"),
            ("reviews:{product}", "a hash from user to stars"),
        ),
        "dynamodb": (
            ("USER#{id} / PROFILE", "the user"),
            (
                "USER#{id} / ORDER#{time}",
                "the user's orders, in the order of time, in one item collection with the user",
            ),
            ("ORDER#{id} / LINE#{n}", "the lines of one order"),
            ("PRODUCT#{id} / INFO, REVIEW#{user}", "a product with its reviews"),
            ("by-category (category, price)", "an index that holds products only, since nothing else has a category"),
            ("best-sellers (category, sold)", "the same products by units sold"),
            ("by-status (status, placed)", "an index that holds orders only"),
        ),
    },
)
