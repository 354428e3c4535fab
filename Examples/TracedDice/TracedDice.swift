import Foundation
import Jaeger
import Kser
import KserTracing

/// kser's documented dice game with Jaeger.
///
/// Spans go to the agent of `JAEGER_HOST` (`localhost`), as in the documents, or where the options say.
@main
struct TracedDice {
    static func main() async {
        do {
            try await play(try Options(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(2)
        }
    }

    private static func play(_ options: Options) async throws {
        let logger = KserLogger(level: .debug, sink: HumanLogSink.standardOutput)
        let log = JaegerLog { level, message in
            let level: LogLevel = level == .info ? .info : level == .warning ? .warning : .error
            logger.log(level) { LogRecord(level, logger: "jaeger", message) }
        }
        let sampler = ConstSampler(true)
        let kept = InMemoryReporter()
        let remote = try RemoteReporter(options.sender, log: log)
        log(.info, "Initializing Jaeger Tracer with \(options.senderName) reporter")
        log(.info, "Using sampler ConstSampler(\(sampler.decision))")
        let tracer = JaegerTracer(
            serviceName: "kser",
            sampler: sampler,
            reporter: CompositeReporter(remote, LoggingReporter(log: log), kept)
        )
        log(.info, "opentracing.tracer initialized to JaegerTracer[app_name=\(tracer.serviceName)]")

        let tracing = Tracing(tracer, convention: .documented)
        let launch = DiceLaunch(pace: Pace(factor: options.speed))
        let result = await launch.build(logger: logger, tracing: tracing).execute()
        await tracer.close()

        if let file = options.html {
            let page = WaterfallPage(kept.spans.map(\.record), service: tracer.serviceName)
            try Data(page.text.utf8).write(to: URL(filePath: file))
            log(.info, "The trace is drawn in \(file)")
        }
        if !result.isSuccess { exit(1) }
    }
}
