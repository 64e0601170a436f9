CREATE TABLE users (
    id     int PRIMARY KEY,
    name   text NOT NULL,
    email  text NOT NULL UNIQUE,
    city   text NOT NULL,
    joined date NOT NULL
);

CREATE TABLE products (
    id          int PRIMARY KEY,
    name        text NOT NULL,
    category    text NOT NULL,
    price       numeric(8, 2) NOT NULL CHECK (price >= 0),
    stock       int NOT NULL CHECK (stock >= 0),
    tags        text[] NOT NULL,
    description text NOT NULL
);

CREATE TABLE orders (
    id      int PRIMARY KEY,
    user_id int NOT NULL REFERENCES users,
    placed  timestamptz NOT NULL,
    status  text NOT NULL
);

CREATE TABLE lines (
    order_id   int NOT NULL REFERENCES orders,
    product_id int NOT NULL REFERENCES products,
    quantity   int NOT NULL CHECK (quantity > 0),
    price      numeric(8, 2) NOT NULL,
    PRIMARY KEY (order_id, product_id)
);

CREATE TABLE reviews (
    product_id int NOT NULL REFERENCES products,
    user_id    int NOT NULL REFERENCES users,
    stars      int NOT NULL CHECK (stars BETWEEN 1 AND 5),
    text       text NOT NULL,
    PRIMARY KEY (product_id, user_id)
);
