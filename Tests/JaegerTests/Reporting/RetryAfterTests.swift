import Jaeger
import Testing

/// `Retry-After` by RFC 9110: seconds, or a date in three forms.
@Suite(.timeLimit(.minutes(1)))
struct RetryAfterTests {
    /// 6 November 1994, 08:49:37.
    private static let date = 784_111_777.0

    @Test(arguments: [
        ("0", Duration.zero), ("120", .seconds(120)), (" 7 ", .seconds(7)), ("301", .seconds(300)),
        ("99999999999999999999999", .seconds(300)), ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(60)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", .seconds(60)), ("Sun Nov  6 08:49:37 1994", .seconds(60)),
        ("Sat, 05 Nov 1994 08:49:37 GMT", .zero), ("Mon, 07 Nov 1994 08:49:37 GMT", .seconds(300)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", .seconds(300)),
    ])
    func readable(_ header: String, _ expected: Duration) {
        #expect(RetryAfter.duration(header, now: Self.date - 60) == expected)
    }

    @Test(arguments: ["", "-1", "soon", "1.5", "Sun, 06 Foo 1994 08:49:37 GMT", "1e3"])
    func unreadable(_ header: String) {
        #expect(RetryAfter.duration(header, now: Self.date) == nil)
    }
}
