import Redshift
import Testing

@Suite struct ProcedureTests {
  @Test func runsTheCommonCore() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE t (i int, v varchar(20))")
    try await session.run(
      """
      CREATE PROCEDURE fill(n IN int, total OUT bigint) AS $$
      DECLARE
        word varchar(20) := 'row';
        rec record;
      BEGIN
        total := 0;
        FOR k IN 1..n LOOP
          IF k % 2 = 0 THEN
            INSERT INTO t (i, v) VALUES (k, word || k);
          ELSIF k = 5 THEN
            EXIT;
          ELSE
            EXECUTE 'INSERT INTO t VALUES (' || k || ', ''odd'')';
          END IF;
        END LOOP;
        FOR rec IN SELECT i, v FROM t ORDER BY i LOOP
          total := total + rec.i;
          UPDATE t SET v = rec.v || '!' WHERE i = rec.i AND v = 'odd';
        END LOOP;
        WHILE total < 12 LOOP total := total + 1; CONTINUE WHEN total > 11; END LOOP;
        RAISE INFO 'done with % rows, %%', n;
      END;
      $$ LANGUAGE plpgsql
      """)
    #expect(try await session.run("CALL fill(9)") == ["12"])
    #expect(try await session.run("SELECT i, v FROM t ORDER BY i") == ["1|odd!", "2|row2", "3|odd!", "4|row4"])
    #expect(await session.takeNotices().map(\.message) == ["done with 9 rows, %"])
    await session.close()
  }

  @Test func rollsBackWhatFails() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE t (i int)")
    try await session.run(
      """
      CREATE PROCEDURE p(x int) AS $$
      BEGIN
        INSERT INTO t VALUES (x);
        IF x > 1 THEN RAISE EXCEPTION 'too much: %', x; END IF;
      END $$ LANGUAGE plpgsql
      """)
    try await session.run("CALL p(1)")
    #expect(await session.failure("CALL p(2)") == "P0001")
    #expect(try await session.run("SELECT i FROM t") == ["1"])
    try await session.run(
      """
      CREATE PROCEDURE q() NONATOMIC AS $$
      DECLARE c CURSOR FOR SELECT i FROM t; n int;
      BEGIN
        OPEN c; FETCH c INTO n; CLOSE c;
        SELECT INTO n count(*) + n FROM t;
        CALL p(n);
      EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'caught %', SQLERRM;
        INSERT INTO t VALUES (99);
      END $$ LANGUAGE plpgsql
      """)
    try await session.run("CALL q()")
    #expect(await session.takeNotices().map(\.message) == ["caught too much: 2"])
    #expect(try await session.run("SELECT i FROM t ORDER BY i") == ["1", "99"])
    // An atomic procedure fails though its error was handled; what the handler did stays.
    try await session.run(
      """
      CREATE PROCEDURE s() AS $$
      BEGIN
        INSERT INTO t VALUES (50);
        EXECUTE 'SELECT invalid';
      EXCEPTION WHEN OTHERS THEN
        INSERT INTO t VALUES (77);
      END $$ LANGUAGE plpgsql
      """)
    #expect(await session.failure("CALL s()") == "42703")
    #expect(try await session.run("SELECT i FROM t ORDER BY i") == ["1", "77", "99"])
    #expect(await session.failure("CALL nothing()") == "42883")
    #expect(await session.failure("CREATE PROCEDURE r() AS $$ BEGIN x END $$ LANGUAGE plpgsql") == "42601")
    await session.close()
  }
}
