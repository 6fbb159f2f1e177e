/** The shared pages in Spanish. */
import type { PageTexts } from './page-texts.ts';

export const spanish: PageTexts = {
  language: 'es',
  signIn: 'Iniciar sesión',
  choose: 'Elija dónde tiene su cuenta.',
  leadingOn: 'Pasa a la página de inicio de sesión.',
  otherTab: 'Está iniciando sesión en otra pestaña. Esta página se abrirá en cuanto termine allí.',
  signInHere: 'Iniciar sesión aquí',
  goOn: 'Continuar',
  goToStart: 'Ir a la página de inicio',
  signOut: 'Cerrar sesión',
  signOutQuestion: '¿Quiere cerrar la sesión?',
  staySignedIn: 'Seguir con la sesión abierta',
  signedOut: 'Ha cerrado la sesión',
  signedIn: 'Ha iniciado sesión',
  notSignedIn: 'No ha iniciado sesión',
  closeTab: 'Cierre esta pestaña y envíe el formulario en la otra.',
  sessionsTitle: 'Sus sesiones',
  sessionsOf: (name) =>
    `Navegadores en los que ${name} ha iniciado sesión. Cierre las sesiones que no reconozca o que ya no use.`,
  thisSession: 'esta',
  unknownBrowser: 'Navegador desconocido',
  browserOn: (browser, system) => `${browser} en ${system}`,
  browserColumn: 'Navegador y dirección',
  openedColumn: 'Inicio',
  usedColumn: 'Último uso',
  signOutEverywhere: 'Cerrar todas las sesiones',
  messages: {
    tryAgain: 'Intentarlo de nuevo',
    reason: 'Motivo:',
    report: 'Informe:',
    failureTitle: 'No se pudo iniciar sesión',
    failure: 'No se ha podido iniciar sesión',
    failures: {
      access_denied: 'El inicio de sesión se canceló, o su cuenta no puede usar esta aplicación.',
      login_required: 'El proveedor pide que inicie sesión de nuevo.',
      interaction_required: 'El proveedor necesita que usted intervenga para continuar.',
      consent_required: 'El proveedor necesita su consentimiento para continuar.',
      unmet_authentication_requirements:
        'La página exige un inicio de sesión más seguro, por ejemplo con un segundo factor, que el proveedor no le ofreció.',
      account_selection_required: 'El proveedor necesita que elija una cuenta.',
      temporarily_unavailable: 'El proveedor está ocupado en este momento.',
      server_error: 'El proveedor ha tenido un error interno.',
      unauthorized_client:
        'El proveedor no acepta esta aplicación: el administrador debe registrarla para este tipo de inicio de sesión.',
      invalid_client: 'El proveedor no acepta el secreto o la clave de esta aplicación.',
      invalid_scope: 'El proveedor no conoce uno de los permisos (scopes) que pide esta aplicación.',
      invalid_request:
        'El proveedor no acepta la petición, por ejemplo porque la dirección de retorno no está registrada allí.',
      insufficient_scope: 'El proveedor no permite que esta aplicación lea sus organizaciones o su dirección.',
      too_many_groups: 'Pertenece a más organizaciones o equipos de los que esta aplicación puede leer.',
      session_too_large: 'El proveedor comunica demasiados grupos u otros datos sobre usted.',
      email_not_verified: 'El proveedor no ha verificado su dirección de correo.',
      clocks_differ: 'Los relojes del proveedor y de esta aplicación difieren en más de un minuto.',
      invalid_response: 'No se pudo aceptar la respuesta del proveedor.',
    },
    otherFailure: 'El proveedor rechazó el inicio de sesión.',
    outageTitle: 'No se puede iniciar sesión ahora',
    outage: 'En este momento no se puede iniciar sesión',
    outageWhy: 'Un servicio necesario no responde. Si ya había iniciado sesión, la sesión sigue abierta.',
    loopTitle: 'El inicio de sesión no termina',
    loop: 'Iniciar sesión otra vez no sirve',
    loopWhy:
      'Ha iniciado sesión varias veces en un minuto, pero la página no lo aceptó. O su navegador no guarda las cookies de este sitio, o a su cuenta le falta algo que la página necesita.',
    originTitle: 'Esta dirección no se puede usar',
    origin: 'En esta dirección no se puede iniciar sesión',
    originWhy: (origin) =>
      `La sesión se inicia en \`${origin}\`, pero la petición no llegó como una para esa dirección.`,
    originHint:
      'Para el administrador: si un proxy termina TLS delante, inclúyalo en `server.trustedProxies`, y haga que envíe `X-Forwarded-Proto` y conserve el `Host` del cliente; si no, corrija `signIn.origin`.',
  },
  keptForm: {
    title: 'Sin enviar',
    notSent: 'Su formulario aún no se ha enviado',
    notSentWhy:
      'Su sesión ya no está abierta. No se pierde nada: inicie sesión, vuelva a esta página y envíe el formulario otra vez.',
    signedInAgain: 'Ha iniciado sesión de nuevo. Envíe ahora el formulario.',
    sendAgain: 'Enviar el formulario otra vez',
    signInBeside: 'El inicio de sesión se abre en otra pestaña.',
  },
};
