import Kernel
import Lambda
import NIOCore
import NIOPosix
import Testing

/// The process's and the server's side meet, without process and network.
@Suite struct RuntimeDeskTests {
  private let loop = MultiThreadedEventLoopGroup.singleton.next()

  private func invocation(_ id: String) -> Invocation {
    Invocation(
      requestID: id, payload: ByteBuffer(string: "{}"), deadline: Timestamp(seconds: 1), functionARN: "arn")
  }

  @Test func `an event that came first is given to who asks, and its answer to who waits`() async throws {
    let desk = RuntimeDesk()
    async let outcome = desk.run(invocation("a"))
    let promise = loop.makePromise(of: Invocation?.self)
    // The event may be queued before or after this.
    desk.next(promise)
    while !desk.answer("a", .response(ByteBuffer(string: "1"))) { await Task.yield() }
    #expect(await outcome == .response(ByteBuffer(string: "1")))
    #expect(try await promise.futureResult.get()?.requestID == "a")
  }

  @Test func `an answer for another event is refused`() async {
    let desk = RuntimeDesk()
    #expect(!desk.answer("b", .response(ByteBuffer())))
    async let outcome = desk.run(invocation("a"))
    while !desk.answer("a", .failed(ByteBuffer())) {
      #expect(!desk.answer("b", .response(ByteBuffer())))
      await Task.yield()
    }
    #expect(await outcome == .failed(ByteBuffer()))
    #expect(!desk.answer("a", .response(ByteBuffer())), "an event is answered once")
  }

  @Test func `an end wakes all who wait and is what later events get`() async throws {
    let desk = RuntimeDesk()
    let promise = loop.makePromise(of: Invocation?.self)
    desk.next(promise)
    #expect(await desk.waitUntilReady() == nil)
    desk.end(.exited(1))
    #expect(try await promise.futureResult.get() == nil)
    #expect(await desk.run(invocation("a")) == .exited(1))
    #expect(desk.hasEnded)
  }

  @Test func `what fails to come up tells why`() async {
    let desk = RuntimeDesk()
    desk.failInit(ByteBuffer(string: "no module"))
    #expect(await desk.waitUntilReady() == .initFailed(ByteBuffer(string: "no module")))
  }
}
