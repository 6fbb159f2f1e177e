<?php
// The sample application in PHP: behind Apache with php-fpm, and as the router of `php -S`.
header_remove('X-Powered-By');
ini_set('default_charset', '');
ini_set('display_errors', '0');
$text = str_repeat("A line of text.\n", 100);
$path = explode('?', $_SERVER['REQUEST_URI'])[0];

function respond(int $status, string $body, string ...$headers): void
{
    http_response_code($status);
    if ($status !== 204 && $status !== 304) header('Content-Type: text/plain');
    foreach ($headers as $header) header($header, false);
    if ($_SERVER['REQUEST_METHOD'] !== 'HEAD') echo $body;
}

/** What arrived, without the headers that the client lists in X-Omit. */
function arrived(): string
{
    $body = file_get_contents('php://input');
    $headers = array_change_key_case(getallheaders());
    $omitted = explode(',', $headers['x-omit'] ?? '');
    $lines = [];
    foreach ($headers as $name => $value) if (!in_array($name, $omitted)) $lines[] = "$name: $value";
    sort($lines);
    $first = "{$_SERVER['REQUEST_METHOD']} {$_SERVER['REQUEST_URI']}";
    return implode("\n", [$first, strlen($body) . ' ' . hash('sha256', $body), ...$lines]);
}

switch (str_starts_with($path, '/echo') ? '/echo' : $path) {
    case '/text':
        $fresh = isset($_SERVER['HTTP_IF_NONE_MATCH']) || isset($_SERVER['HTTP_IF_MODIFIED_SINCE']);
        $validators = ['ETag: "text-1"', 'Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT'];
        if ($fresh) respond(304, '', ...$validators);
        else respond(200, $text, 'Content-Length: ' . strlen($text), ...$validators);
        break;
    case '/echo':
        respond(200, arrived());
        break;
    case '/large':
        respond(200, str_repeat(implode('', array_map('chr', range(0, 255))), 4096), 'Content-Length: 1048576');
        break;
    case '/stream':
        http_response_code(200);
        header('Content-Type: text/plain');
        foreach (["one\n", "two\n", "three\n"] as $line) {
            echo $line;
            flush();
        }
        break;
    case '/gzip':
        $body = gzencode($text);
        respond(200, $body, 'Content-Length: ' . strlen($body), 'Content-Encoding: gzip', 'Vary: Accept-Encoding');
        break;
    case '/empty':
        respond(204, '');
        break;
    case '/moved':
        respond(302, '', 'Location: /text');
        break;
    case '/cookies':
        setcookie('a', '1', ['path' => '/', 'httponly' => true]);
        setcookie('b', '2, 3', ['path' => '/']);
        respond(200, $_SERVER['HTTP_COOKIE'] ?? '');
        break;
    case '/fails':
        throw new RuntimeException('on purpose');
    default:
        respond(404, 'missing');
}
