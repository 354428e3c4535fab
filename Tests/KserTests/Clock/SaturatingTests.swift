import Kser
import Testing

@Suite struct SaturatingTests {
    @Test func whatIsOutOfRangeIsTheNearestInIt() {
        #expect(Int64.max.addingSaturating(1) == .max)
        #expect(Int64.min.addingSaturating(-1) == .min)
        #expect(Int64.max.addingSaturating(.min) == -1)
        #expect(Int64.min.subtractingSaturating(1) == .min)
        #expect(Int64.max.subtractingSaturating(-1) == .max)
        #expect(Int64(0).subtractingSaturating(.min) == .max)
        #expect(UInt8(3).subtractingSaturating(5) == 0)
        #expect(UInt8(250).addingSaturating(10) == 255)
        #expect(Int64(3).addingSaturating(4) == 7)
        #expect(Int64(3).subtractingSaturating(4) == -1)
    }

    @Test func durationsInMillisecondsNeverTrap() {
        #expect(Duration.seconds(Int64.max).milliseconds == .max)
        #expect(Duration.seconds(Int64.min).milliseconds == .min)
        #expect((Duration.seconds(Int64.max / 1_000) + .milliseconds(999)).milliseconds == .max)
        #expect((Duration.seconds(-3) - .milliseconds(5)).milliseconds == -3_005)
        #expect(Duration.microseconds(1_999).milliseconds == 1)
    }
}
