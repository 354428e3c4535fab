import Kser
import Testing

@Suite("Paths as kser's search_value reads them")
struct PathTests {
    /// For the record in Python, and not done here: see the documentation of search.
    private static let unsupported: Set<String> = [
        "path-042", "path-044", "path-045", "path-046", "path-047", "path-049",
    ]
    /// Python truncates before it compares, and fails at an index of a number; here not.
    private static let better: [String: JSON] = ["path-039": ["alpha", "gamma"], "path-056": .null]

    @Test(arguments: try VectorCase.all("search"))
    func vector(_ vector: VectorCase) throws {
        let result = ExecutionResult(retval: vector.given["retval"]?.object ?? [:])
        let path = try #require(vector.given["xpath"]?.string)
        let search = {
            try result.search(
                path,
                default: vector.given["default"] ?? .null,
                failIfNoMatch: vector.given["fail_if_no_match"]?.bool ?? false
            )
        }
        if let better = Self.better[vector.id] {
            #expect(try search() == better)
        } else if let expected = vector.expect["value"], !Self.unsupported.contains(vector.id) {
            #expect(try search() == expected)
        } else {
            let error = try #require(throws: KserError.self) { try search() }
            #expect(vector.parity == "info" || error.msgid == vector.expect["raises"]?["error"]?["msgid"]?.string)
            #expect(vector.parity != "must" || error.message == vector.expect["raises"]?["error"]?["message"]?.string)
        }
    }

    @Test(
        "Wrong paths are refused, however long",
        arguments: [
            "a[", "a[]", "a.", ".a", "a b", "[?(@.x]", "'a", "a[1", "a[x]", "1a", "`what`", "a[99999999999999999999]",
            String(repeating: "(", count: 100_000), String(repeating: "[", count: 100_000),
        ]
    )
    func refused(_ path: String) {
        #expect { try ExecutionResult().search(path) } throws: { ($0 as? KserError)?.kind == .internal }
    }

    @Test func longPathsAreNoTrouble() throws {
        let path = Array(repeating: "a", count: 100_000).joined(separator: ".")
        #expect(try ExecutionResult(retval: ["a": 1]).search(path) == .null)
    }

    private static let found: [(String, JSON)] = [
        ("true_count", 1), ("['a.b']", 2), (#"'it\'s'"#, 3), ("x where y", .null),
        ("n[0]", .null), ("t[1]", "é"), ("t[9]", .null), ("l[-9]", .null), ("l[-2:]", [2, 3]), ("l[2:1]", .null),
    ]

    @Test(arguments: found)
    func fields(_ path: String, _ expected: JSON) throws {
        let result = ExecutionResult(retval: [
            "true_count": 1, "a.b": 2, "it's": 3, "n": 4, "t": "hé", "l": [1, 2, 3],
        ])
        #expect(try result.search(path) == expected)
    }

    private static let filtered: [(String, JSON)] = [
        ("l[?(@.w = east)].n", "a"), ("l[?(@.w = Eve)].n", "b"), ("l[?w = e1].n", "c"), ("l[?@t < 1].n", "a"),
        ("l[?(@t >= 1 & @.w = Eve)].n", "b"), ("l[?@.big > 9007199254740992].n", ["b", "c"]),
        ("l[?@.big = 9007199254740993].n", "b"), ("l[?@.big > 18446744073709551616].n", "c"),
        ("l[?@.big < 9007199254740994.0].n", ["a", "b"]), ("l[?(@.n)].n.`len`", [1, 1, 1]), ("l[?@['n'] = 'b'].n", "b"),
        ("@.l[0].n", "a"), ("l[?(@t = -1e-1)].n", .null), ("l[?@..x = 7].n", "c"), ("l[?(@.m[?(@.x > 6)])].n", "c"),
    ]

    @Test(arguments: filtered)
    func filters(_ path: String, _ expected: JSON) throws {
        let text = """
            {"l": [{"n": "a", "w": "east", "@t": 0.5, "big": 9007199254740992},
                   {"n": "b", "w": "Eve", "@t": 1, "big": 9007199254740993},
                   {"n": "c", "w": "e1", "@t": 2, "big": 99999999999999999999, "m": [{"x": 7}]}]}
            """
        let result = ExecutionResult(retval: try #require(try JSON(parsing: text).object))
        #expect(try result.search(path) == expected)
    }

    @Test(
        "Whatever the nesting of a path, an error or a value",
        arguments: ["a[?", "a[?(", "(", "a..(b|", "a[?@.b[?@["]
    )
    func nestedPaths(_ piece: String) {
        let path = String(repeating: piece, count: 100_000)
        let error = onHalfAMegabyte { #expect(throws: KserError.self) { try ExecutionResult().search(path) } }
        #expect(error == nil)
    }

    @Test("A search that multiplies ends") func multiplyingSearch() throws {
        let depth = JSON.maximumDepth
        let deep = String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
        let retval = try #require(try JSON(parsing: deep, maximumDepth: depth).object)
        #expect(try ExecutionResult(retval: retval).search("$..a").array?.count == depth)
        let error = #expect(throws: KserError.self) { try ExecutionResult(retval: retval).search("$..a..a..a..a") }
        #expect(error?.kind == .validation)
        #expect(error?.message == "The path visits more than 500000 values")
    }
}
