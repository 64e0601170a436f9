CREATE FUNCTION lower_price(product int, cut numeric, bound numeric) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    became numeric;
BEGIN
    UPDATE products SET price = greatest(price - cut, bound) WHERE id = product RETURNING price INTO became;
    RETURN became;
END $$;

SELECT lower_price(17, 10, 30) AS price;
