# The sample application for Rack.
require 'digest'
require 'stringio'
require 'zlib'

TEXT = "A line of text.\n" * 100
LARGE = (0..255).to_a.pack('C*') * 4096
GZIP = StringIO.new.tap { |out| Zlib::GzipWriter.new(out).tap { |gzip| gzip.mtime = 1; gzip.write(TEXT) }.finish }.string

# What arrived, without the headers that the client lists in X-Omit.
def echo(env)
  body = env['rack.input'].read
  omitted = env.fetch('HTTP_X_OMIT', '').split(',')
  names = env.keys.grep(/\AHTTP_(?!VERSION)/).to_h { |key| [key, key[5..].tr('_', '-').downcase] }
  headers = names.reject { |_, name| omitted.include?(name) }.map { |key, name| "#{name}: #{env[key]}" }.sort
  first = "#{env['REQUEST_METHOD']} #{env['REQUEST_URI'] || env['PATH_INFO']}"
  [first, "#{env['CONTENT_TYPE']} #{body.bytesize} #{Digest::SHA256.hexdigest(body)}", *headers].join("\n")
end

run(lambda do |env|
  respond = lambda do |status, parts, headers = {}|
    head = [204, 304].include?(status) ? {} : { 'content-type' => 'text/plain' }
    [status, head.merge(headers), env['REQUEST_METHOD'] == 'HEAD' ? [] : parts]
  end
  whole = ->(status, body, headers = {}) { respond.(status, [body], { 'content-length' => body.bytesize.to_s }.merge(headers)) }
  case env['PATH_INFO']
  when '/text'
    validators = { 'etag' => '"text-1"', 'last-modified' => 'Thu, 01 Jan 2026 00:00:00 GMT' }
    fresh = env.key?('HTTP_IF_NONE_MATCH') || env.key?('HTTP_IF_MODIFIED_SINCE')
    fresh ? respond.(304, [], validators) : whole.(200, TEXT, validators)
  when %r{\A/echo} then whole.(200, echo(env))
  when '/large' then whole.(200, LARGE)
  when '/stream' then respond.(200, %W[one\n two\n three\n])
  when '/gzip' then whole.(200, GZIP, { 'content-encoding' => 'gzip', 'vary' => 'Accept-Encoding' })
  when '/empty' then respond.(204, [])
  when '/moved' then whole.(302, '', { 'location' => '/text' })
  when '/cookies'
    whole.(200, env.fetch('HTTP_COOKIE', ''), { 'set-cookie' => "a=1; path=/; httponly\nb=2; path=/" })
  when '/early'
    env['rack.early_hints']&.call({ 'link' => '</style.css>; rel=preload; as=style' })
    whole.(200, TEXT)
  when '/fails' then raise 'on purpose'
  else whole.(404, 'missing')
  end
end)
