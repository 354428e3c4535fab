import OpenTracing

extension TracerContract {
    var propagation: [ContractCheck] {
        [
            check("text_propagation") { tracer in
                let span = tracer.startSpan("Bender")
                var carrier: [String: String] = [:]
                try tracer.inject(span.context, as: .textMap, into: &carrier)
                let context = try makeTracer().extract(.textMap, from: carrier)
                try KserTesting.expect(context?.baggage == [:], "the context arrives, with no baggage")
                span.finish()
            },
            check("binary_propagation") { tracer in
                let span = tracer.startSpan("Bender")
                var carrier: [UInt8] = []
                try tracer.inject(span.context, into: &carrier)
                let context = try makeTracer().extract(from: carrier)
                try KserTesting.expect(context?.baggage == [:], "the context arrives, with no baggage")
                span.finish()
            },
            check("mandatory_formats") { tracer in
                let span = tracer.startSpan("Bender")
                for (format, empty) in formats {
                    var carrier = empty
                    try tracer.inject(span.context, as: format, into: &carrier)
                    _ = try tracer.extract(format, from: carrier)
                }
                span.finish()
            },
            check("baggage_keys") { tracer in
                guard checksBaggage else { return }
                // To Swift's `String` the two keys are equal.
                let baggage: Baggage = ["cl\u{e9}": "composed", "cle\u{301}": "decomposed"]
                let span = tracer.startSpan("Bender")
                for (key, value) in baggage { span.setBaggageItem(key, value) }
                for (format, empty) in formats {
                    var carrier = empty
                    try tracer.inject(span.context, as: format, into: &carrier)
                    let context = try makeTracer().extract(format, from: carrier)
                    try KserTesting.expect(
                        context?.baggage == baggage,
                        "keys of baggage are equal when their bytes are"
                    )
                }
                span.finish()
            },
            check("unknown_format") { tracer in
                let span = tracer.startSpan("Bender")
                let format = Format(rawValue: "kiss my shiny metal")
                var carrier = Carrier.text(TextMap())
                try refuse { () throws(OpenTracingError) in
                    try tracer.inject(span.context, as: format, into: &carrier)
                }
                try refuse { () throws(OpenTracingError) in _ = try tracer.extract(format, from: carrier) }
                span.finish()
            },
        ]
    }

    private var formats: [(Format, Carrier)] {
        [(.textMap, .text([:])), (.httpHeaders, .text([:])), (.binary, .binary([]))]
    }

    private func refuse(_ body: () throws(OpenTracingError) -> Void) throws(ContractViolation) {
        var code: OpenTracingError.Code?
        do throws(OpenTracingError) { try body() } catch { code = error.code }
        try KserTesting.expect(code == .unsupportedFormat, "an unknown format is refused")
    }
}
